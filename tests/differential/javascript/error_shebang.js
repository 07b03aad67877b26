#!/usr/bin/env node
console.log(new Error('second line').stack.split('\n')[1]);
null.nothing;
