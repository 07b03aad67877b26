public class Main {
    static int value = Integer.parseInt("not a number");

    public static void main(String[] args) throws Exception {
        System.out.println("never");
    }
}
