for (const name of ['./nothing', 'nothing', '/absent/nothing.js', 'node:nothing', '#inner', '../up', 'lodash']) {
  try {
    require(name);
  } catch (error) {
    console.log(error.code, error.message, error.requireStack);
    console.log(error.stack);
  }
}
