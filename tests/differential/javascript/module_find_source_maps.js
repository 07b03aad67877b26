const { findSourceMap, SourceMap } = require('module');
console.log(findSourceMap(__filename), typeof SourceMap, process.sourceMapsEnabled, require('module').getSourceMapsSupport?.());
