console.log([RegExp.$1, RegExp.$_, RegExp.lastMatch, RegExp.leftContext, RegExp.rightContext]);
