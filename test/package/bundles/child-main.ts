// The program of child processes, as an entry of its own.
import "cronduit/child";
