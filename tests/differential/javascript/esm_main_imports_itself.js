// kiln: {"files": {"package.json": "{\"type\": \"module\"}"}}
globalThis.times = (globalThis.times ?? 0) + 1;
export const value = 'exported';
const self = await Promise.race([import('./main.js'), new Promise((resolve) => setTimeout(resolve, 5, 'waits for itself'))]);
console.log(globalThis.times, self.value ?? self);
