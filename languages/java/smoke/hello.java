class Greeter {
    static String greeting() {
        return "hello from java";
    }
}

class Launcher {
    public static void main(String[] args) {
        System.out.println(Greeter.greeting());
    }
}
