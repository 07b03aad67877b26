public class Main {
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < 20000; i++) {
            System.out.println("line " + i);
        }
        System.err.println("end");
    }
}
