public class Main {
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < 5; i++) {
            System.out.println(new Object());
        }
        Thread thread = new Thread(() -> System.out.println(new Object()));
        thread.start();
        thread.join();
        System.out.println(new int[0] + " " + args);
    }
}
