try {
  console.log(Object.keys(process.binding('natives')).length > 10);
  console.log(Object.keys(process.binding('natives')).some((name) => name.includes('standby')));
} catch (error) {
  console.log(error.message);
}
