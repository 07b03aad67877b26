public class Main {
    public static void main(String[] args) {
        Thread.sleep(1);
        int unset;
        System.out.println(unset);
        while (true) {}
        System.out.println();
    }
}
