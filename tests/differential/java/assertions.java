public class Main {
    public static void main(String[] args) throws Exception {
        assert args.length > 100 : "on";
        System.out.println("off " + Main.class.desiredAssertionStatus());
    }
}
