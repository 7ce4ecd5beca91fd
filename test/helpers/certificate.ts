import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Files of a certificate for `localhost` that vouches for itself. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** The text of the certificate, for those who are to trust it. */
  readonly cert: string;
}

/** Makes a certificate by openssl, which every machine with a Redis that speaks TLS has. */
export function makeCertificate(folder: string): Certificate {
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const args = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const subject = [
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost,IP:127.0.0.1",
  ];
  execFileSync("openssl", [...args.split(" "), ...subject, "-keyout", keyFile, "-out", certFile], {
    stdio: "ignore",
  });
  return { certFile, keyFile, cert: readFileSync(certFile, "utf8") };
}
