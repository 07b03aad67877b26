import './absent.mjs';
console.log('never');
