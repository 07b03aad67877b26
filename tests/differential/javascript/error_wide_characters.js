const \u4e2d = '\u{1f600}';	throw new Error('\u4e2d\u6587 \u{1f600}');
