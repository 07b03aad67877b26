const nothing: number = 0;
