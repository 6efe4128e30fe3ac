// pdf.js describes its worker to nobody: it is handed over as it is.
declare module "pdfjs-dist/build/pdf.worker.mjs";
