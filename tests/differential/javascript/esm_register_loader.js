// kiln: {"files": {"hooks.mjs": "export async function resolve(specifier, context, next) { return specifier === 'virtual:y' ? { url: 'virtual:y', shortCircuit: true } : next(specifier, context); }\nexport async function load(url, context, next) { return url === 'virtual:y' ? { format: 'module', source: `export default ${JSON.stringify([process.execArgv, Object.keys(process.env).sort()])}`, shortCircuit: true } : next(url, context); }\n"}}
import { register } from 'node:module';
const warn = process.emitWarning;
process.emitWarning = (...args) => (args[1]?.code ?? args[2]) === 'DEP0205' || warn(...args);
register('./hooks.mjs', import.meta.url);
console.log((await import('virtual:y')).default);
