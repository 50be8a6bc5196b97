// Loaded into a client whose address is written into its code: sends it to a gateway instead.
const real = globalThis.fetch;

globalThis.fetch = (target, options) => {
  const url = new URL(target);
  if (!url.hostname.endsWith("evolink.ai")) return real(target, options);
  return real(new URL(url.pathname + url.search, process.env.GATEWAY), options);
};
