// kiln: {"files": {"a.mjs": "import { b, readA } from './b.mjs';\nexport let a = 1;\nexport const result = [b, readA()];\na = 2;\n", "b.mjs": "import * as other from './a.mjs';\nexport const b = (() => { try { return other.a; } catch (error) { return error.message; } })();\nexport const readA = () => other.a;\n"}}
import { a, result } from './a.mjs';
import { readA } from './b.mjs';
console.log(a, result, readA());
