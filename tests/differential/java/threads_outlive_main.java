public class Main {
    public static void main(String[] args) throws Exception {
        new Thread(() -> {
            try {
                Thread.sleep(100);
            } catch (InterruptedException e) {
                return;
            }
            System.out.println("after main " + Thread.currentThread().getName());
            Thread.getAllStackTraces().keySet().stream().map(Thread::getName).sorted().forEach(System.out::println);
        }).start();
    }
}
