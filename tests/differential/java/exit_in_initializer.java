public class Main {
    static {
        System.out.println("initialiser on " + Thread.currentThread().getName());
        System.exit(9);
    }

    public static void main(String[] args) throws Exception {
        System.out.println("never");
    }
}
