// The program of child processes, as a separate entry.
import "cronduit/child";
