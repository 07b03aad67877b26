// kiln: {"files": {"late.mjs": "export const never = missing;"}}
import('./late.mjs').catch((error) => console.log(error.name, error.message, error.stack));
import('./absent.mjs').catch((error) => console.log(error.code, error.message, error.url));
import('nothing').catch((error) => console.log(error.code, error.message));
