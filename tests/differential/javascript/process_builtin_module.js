if (process.getBuiltinModule) {
  console.log(process.getBuiltinModule('fs') === require('fs'), process.getBuiltinModule('nothing'));
  console.log(process.getBuiltinModule('module') === module.constructor);
} else {
  console.log('older');
}
