const { default: value, url } = await import('data:text/javascript,export default 42; export const url = import.meta.url;');
console.log(value, url, (await import('data:application/json,{"a":1}', { with: { type: 'json' } })).default);
await import('data:text/javascript,throw new Error("in data")').catch((error) => console.log(error.stack));
