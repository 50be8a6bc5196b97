// Before the first paint: the remembered language and theme, so that neither flashes.
// The language's words are fetched at once, the other language's not at all.
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
  const words = document.createElement("link");
  words.rel = "modulepreload";
  words.href = `/static/words/studio.${root.lang}.js`;
  document.head.append(words);
  const theme = read("darkroom.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
}
