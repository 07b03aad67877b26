public class Main {
    public static void main(String[] args) throws Exception {
        new Thread(() -> System.exit(3)).start();
        Thread.sleep(60000);
    }
}
