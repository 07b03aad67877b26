exports.value = 1;
import('./main.js').then((self) => console.log(self, self.default === module.exports, require.cache[__filename] === module));
