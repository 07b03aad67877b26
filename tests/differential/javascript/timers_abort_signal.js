const signal = AbortSignal.timeout(20);
console.log(signal.aborted);
const keep = setTimeout(() => {}, 90);
signal.addEventListener('abort', () => {
  console.log(signal.aborted, signal.reason.name, signal.reason.code);
  clearTimeout(keep);
});
const any = AbortSignal.any([signal, new AbortController().signal]);
any.onabort = ({ type, isTrusted }) => console.log(type, isTrusted);
