import java.util.Missing;
import nowhere.*;

public class Main {
    Missing field;
}
