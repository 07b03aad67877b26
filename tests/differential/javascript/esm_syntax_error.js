// kiln: {"files": {"bad.mjs": "export const a = 1;\nexport const a = 2;\n"}}
import('./bad.mjs').catch((error) => console.log(error.name, error.message));
import './bad.mjs';
