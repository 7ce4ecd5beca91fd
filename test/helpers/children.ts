export { end, type Exit, killLeftovers, outputOf, track } from "../../scripts/children.ts";
