public class Main {
    public static void main(String[] args) throws Exception {
        Thread daemon = new Thread(() -> {
            while (true) {
            }
        });
        daemon.setDaemon(true);
        daemon.start();
        System.out.println("main ends");
    }
}
