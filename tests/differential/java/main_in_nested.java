class Outer {
    static class Inner {
        public static void main(String... args) {
            System.out.println("nested");
        }
    }
}
