// kiln: {"files": {"lib.mjs": "export function fail() {\n  throw new Error('in a module');\n}\n"}}
import { fail } from './lib.mjs';
fail();
