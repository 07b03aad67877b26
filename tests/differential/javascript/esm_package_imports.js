// kiln: {"files": {"package.json": "{\"name\": \"self\", \"type\": \"module\", \"exports\": \"./main.js\", \"imports\": {\"#lib\": {\"node\": \"./lib.js\", \"default\": \"./other.js\"}, \"#bad\": null}}", "lib.js": "export const lib = 'by imports';"}}
import { lib } from '#lib';
export const name = 'self';
console.log(lib, import.meta.resolve('self'));
for (const wanted of ['#bad', '#none', 'self/sub']) {
  try {
    console.log(import.meta.resolve(wanted));
  } catch (error) {
    console.log(error.code, error.message);
  }
}
