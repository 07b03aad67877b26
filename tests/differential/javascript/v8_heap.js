const v8 = require('v8');
const statistics = v8.getHeapStatistics();
console.log(Object.keys(statistics), statistics.heap_size_limit, statistics.number_of_native_contexts, statistics.number_of_detached_contexts, statistics.does_zap_garbage);
console.log(v8.getHeapSpaceStatistics().map(({ space_name }) => space_name), v8.cachedDataVersionTag() > 0, v8.startupSnapshot.isBuildingSnapshot());
