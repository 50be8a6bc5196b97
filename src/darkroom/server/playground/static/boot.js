// Before the first paint: the remembered language and theme, so that neither flashes.
{
  const root = document.documentElement;
  const read = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  };
  const language = read("darkroom.language") ?? navigator.language;
  root.lang = language.toLowerCase().startsWith("ko") ? "ko" : "en";
  const theme = read("darkroom.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
}
