// What a citizen does with a document: seeing it, arranging it, choosing who sees it, replacing it.
import { expect, test, type FrameLocator, type Page } from "@playwright/test";
import { complaints, look } from "./look";
import { enter } from "./person";
import { sendMail } from "./secure-mail";
import { invite, rpps, type Invited } from "./system";

/** A PDF of these objects, the first its catalogue. */
function pdfOf(objects: string[]): Buffer {
  let text = "%PDF-1.5\n";
  const places = objects.map((object, at) => {
    const place = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return place;
  });
  const table = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("")}`;
  return Buffer.from(`${text}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`, "latin1");
}

/** One of a page, which shows what `stream` draws by means of `resource`. */
function page1(stream: string, resources: string, resource: string): Buffer {
  return pdfOf([
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << ${resources} >> >>`,
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    resource,
  ]);
}

/** A PDF of one page that says one line. */
const pdf = (line: string) =>
  page1(`BT /F1 24 Tf 60 720 Td (${line}) Tj ET`, "/Font << /F1 5 0 R >>", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");

/** Eight points by eight, blue, in JPEG 2000, as scanners write them. */
const JPEG_2000 = Buffer.from(
  "AAAADGpQICANCocKAAAAFGZ0eXBqcDIgAAAAAGpwMiAAAAAtanAyaAAAABZpaGRyAAAACAAAAAgAAwcHAAAAAAAPY29scgEAAAAAABAAAAC4anAyY/9P/1EALwAAAAAACAAAAAgAAAAAAAAAAAAAAAgAAAAIAAAAAAAAAAAAAwcBAQcBAQcBAf9SAAwAAAABAAAEBAAB/1wABEBA/2QAJQABQ3JlYXRlZCBieSBPcGVuSlBFRyB2ZXJzaW9uIDIuNS40/5AACgAAAAAAQAAB/5PfgCgRUFSjb8+0SBFQVKNq/UgAAAAwkIswgYSEv8+0SBQAXKNlXbAAAwkI1QoYSEv/f//Z",
  "base64",
).toString("latin1");

/** A PDF of one page that is such a picture. */
const scanned = () =>
  page1(
    "q 400 0 0 400 60 300 cm /I1 Do Q",
    "/XObject << /I1 5 0 R >>",
    `<< /Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /JPXDecode /Length ${JPEG_2000.length} >>\nstream\n${JPEG_2000}\nendstream`,
  );

/** Whether something dark is drawn on the page. */
function isDrawn(frame: FrameLocator): Promise<boolean> {
  return frame.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
    const points = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    return Array.from(points).some((point, at) => at % 4 < 3 && point < 100);
  });
}

/** A CDA whose narrative tries what a narrative may not. */
const cda = (person: Invited) => `<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.250.1.999"/>
<code code="EXPPAT_2" codeSystem="1.2.250.1.213.1.1.4.12"/><title>Compte rendu de sortie</title>
<effectiveTime value="20260305101500+0100"/>
<recordTarget><patientRole><id extension="${person.nir}${person.nirKey}" root="1.2.250.1.213.1.4.8"/><patient><name><given>Zélie</given><family>Le Goff</family></name></patient></patientRole></recordTarget>
<author><assignedAuthor><assignedPerson><name><prefix>DR</prefix><given>Camille</given><family>Soignant</family></name></assignedPerson></assignedAuthor></author>
<component><structuredBody><component><section><title>Résultats</title><text>
<table onclick="alert(1)"><thead><tr><th>Analyse</th><th>Valeur</th></tr></thead>
<tbody><tr><td>Hémoglobine</td><td styleCode="Bold">13,4 g/dL</td></tr></tbody></table>
<list listType="ordered"><item>Boire de l&#8217;eau</item></list></text></section></component></structuredBody></component>
</ClinicalDocument>`;

/** One white point. */
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=", "base64");

async function add(page: Page, name: string, mimeType: string, buffer: Buffer, title = name.replace(/\..*$/, "")): Promise<void> {
  await page.getByRole("link", { name: "Accueil" }).click();
  await page.getByRole("link", { name: "Ajouter un document" }).click();
  await page.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles({ name, mimeType, buffer });
  await page.getByRole("button", { name: "Ajouter", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
}

async function opened(page: Page): Promise<FrameLocator> {
  await page.getByRole("button", { name: "Ouvrir", exact: true }).click();
  return page.frameLocator('iframe[title="Aperçu du document"]');
}

test("a PDF, a CDA and a picture are seen where they can do nothing", async ({ page }) => {
  test.slow();
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await add(page, "ordonnance.pdf", "application/pdf", pdf("Paracetamol"));
  let frame = await opened(page);
  await expect(frame.getByRole("region", { name: "Page 1 sur 1" })).toContainText("Paracetamol");
  await expect.poll(() => isDrawn(frame), "the page is drawn").toBe(true);
  // Of no origin: it reads nothing of ours, and reaches nothing.
  const inside = page.frames().find((one) => one.url().endsWith("/preview.html"));
  expect(await inside?.evaluate(() => self.origin)).toBe("null");
  const reached = await inside?.evaluate(() => fetch("/v1/me").then(() => true, () => false));
  expect(reached).toBe(false);
  await look(page, "apercu-pdf");
  await add(page, "radio.pdf", "application/pdf", scanned());
  frame = await opened(page);
  await expect.poll(() => isDrawn(frame), "the scanned page is drawn").toBe(true);
  await frame.getByRole("button", { name: "Agrandir" }).click();
  await expect(frame.locator("canvas")).toBeVisible();

  await add(page, "sortie.xml", "text/xml", Buffer.from(cda(person)), "Compte rendu de sortie");
  frame = await opened(page);
  await expect(frame.getByRole("heading", { level: 1 })).toHaveText("Compte rendu de sortie");
  await expect(frame.getByText("Auteur : DR Camille Soignant")).toBeVisible();
  await expect(frame.getByRole("cell", { name: "13,4 g/dL" })).toBeVisible();
  expect(await frame.locator("#view").locator("[onclick], script, a, img").count()).toBe(0);
  await look(page, "apercu-cda");

  await add(page, "photo.png", "image/png", PNG);
  await page.getByRole("button", { name: "Ouvrir", exact: true }).click();
  await expect(page.getByRole("img", { name: "Aperçu du document" })).toBeVisible();
  // The frame's own refusals are what is wanted of it.
  expect(heard.filter((said) => !said.includes("/v1/me"))).toEqual([]);
});

test("a document comes by dropping, by the camera, and is refused where it is no document", async ({ page }) => {
  await enter(page, await invite());
  await page.getByRole("link", { name: "Ajouter un document" }).click();
  const dropped = await page.evaluateHandle(() => {
    const files = new DataTransfer();
    files.items.add(new File(["Déposé."], "depose.txt", { type: "text/plain" }));
    return files;
  });
  await page.locator(".drop").dispatchEvent("drop", { dataTransfer: dropped });
  await expect(page.getByText("Fichier choisi : depose.txt (1 ko)")).toBeVisible();
  await page.getByRole("button", { name: "Ajouter", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("depose");
  await expect(page.getByText(/^Par vous/)).toBeVisible();
  await page.getByRole("button", { name: "Épingler" }).click();
  await expect(page.getByRole("button", { name: "Ne plus épingler" })).toBeVisible();
  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await page.getByLabel("Catégorie").selectOption("Radio, écho, scanner, IRM");
  await page.getByRole("button", { name: "Chercher" }).click();
  await expect(page.getByText("Aucun document ne correspond.")).toBeVisible();

  await page.getByRole("link", { name: "Ajouter un document" }).click();
  await page.getByLabel("Ou prendre une photo avec l’appareil").setInputFiles({ name: "carte.png", mimeType: "image/png", buffer: PNG });
  await page.getByRole("button", { name: "Ajouter", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("carte");

  // A large one goes in parts, and is looked at once all of it is there.
  await page.getByRole("link", { name: "Accueil" }).click();
  await page.getByRole("link", { name: "Ajouter un document" }).click();
  const program = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01"), Buffer.alloc(5 * 1024 * 1024)]);
  await page.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles({ name: "programme.pdf", mimeType: "application/pdf", buffer: program });
  await page.getByRole("button", { name: "Ajouter", exact: true }).click();
  await expect(page.getByRole("progressbar", { name: "Envoi en cours" })).toBeVisible();
  await expect(page.getByRole("alert").filter({ hasText: "Fichier refusé" })).toBeVisible({ timeout: 60_000 });
  await look(page, "fichier-refuse");
});

test("a document is arranged, put away, chosen for one professional, and replaced", async ({ page }) => {
  const heard = complaints(page);
  await enter(page, await invite());
  await add(page, "carnet.txt", "text/plain", Buffer.from("Première version."));
  await page.getByText("Classer ce document").click();
  await page.getByLabel("Dossier", { exact: true }).fill("Grossesse");
  await page.getByLabel("Titre").fill("Carnet de maternité");
  await page.getByRole("button", { name: "Enregistrer", exact: true }).click();
  await expect(page.getByText("Dossier : Grossesse")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Carnet de maternité");
  const number = rpps();
  await page.getByText("Choisir pour un professionnel en particulier").click();
  await page.getByLabel("Son numéro RPPS").fill(number);
  await page.getByRole("button", { name: "Enregistrer ce choix" }).click();
  await expect(page.getByText(`Caché à ${number}`)).toBeVisible();
  await page.getByText("Versions", { exact: true }).click();
  await page.getByLabel("Remplacer par un nouveau fichier").setInputFiles({ name: "carnet.txt", mimeType: "text/plain", buffer: Buffer.from("Deuxième version.") });
  await expect(page.getByText(/^Version 2,/)).toBeVisible();
  await look(page, "document-ouvert");
  await page.getByRole("button", { name: `Retirer le choix pour ${number}` }).click();
  await expect(page.getByText(`Caché à ${number}`)).toHaveCount(0);
  await page.getByLabel("Le lui montrer, même masqué").check();
  await page.getByLabel("Son numéro RPPS").fill(number);
  await page.getByRole("button", { name: "Enregistrer ce choix" }).click();
  await expect(page.getByText(`Montré à ${number}, même masqué`)).toBeVisible();
  await page.getByRole("button", { name: "Archiver" }).click();
  await expect(page.getByText("Archivé", { exact: true })).toBeVisible();

  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await expect(page.getByText("Aucun document pour l’instant.")).toBeVisible();
  await page.getByLabel("Montrer aussi ce que j’ai archivé").check();
  await page.getByRole("button", { name: "Chercher" }).click();
  await page.getByRole("link", { name: "Carnet de maternité" }).click();
  await page.getByRole("button", { name: "Remettre dans la liste" }).click();
  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await page.getByLabel("Dossier").selectOption("Grossesse (1)");
  await page.getByRole("button", { name: "Chercher" }).click();
  await expect(page.getByRole("link", { name: "Carnet de maternité" })).toBeVisible();
  await look(page, "documents-dossier");
  expect(heard).toEqual([]);
});

test("an answer that is lost makes no second document", async ({ page }) => {
  await enter(page, await invite());
  let isLost = true;
  await page.route("**/v1/spaces/*/documents", async (route) => {
    if (route.request().method() === "POST" && isLost) {
      // It is there, and nobody is told.
      await route.fetch();
      isLost = false;
      await route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ type: "urn:espace-sante:problem:unavailable", title: "Indisponible", status: 503, detail: "Réessayez." }) });
    } else {
      await route.continue();
    }
  });
  await page.getByRole("link", { name: "Ajouter un document" }).click();
  await page.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles({ name: "carnet.txt", mimeType: "text/plain", buffer: Buffer.from("Une fois.") });
  await page.getByRole("button", { name: "Ajouter", exact: true }).click();
  // What was sent already says what it is: it is not renamed on the way.
  await expect(page.getByLabel("Titre")).toBeDisabled();
  await page.getByRole("button", { name: "Reprendre l’envoi" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("carnet");
  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await expect(page.getByRole("link", { name: "carnet" })).toHaveCount(1);
});

test("what a professional sent by secure mail is kept among the documents", async ({ page }) => {
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await sendMail(person, "Pieces", { name: "resultats.pdf", bytes: pdf("Hemoglobine") });
  await page.getByRole("link", { name: "Messages" }).click();
  await page.getByRole("link", { name: "Pieces" }).click({ timeout: 40_000 });
  await page.getByRole("button", { name: "Ajouter resultats.pdf à mes documents" }).click();
  // It does not say itself what it is.
  await expect(page.getByLabel("Quel document est resultats.pdf ?")).toBeFocused();
  await look(page, "echange-fichier");
  await page.getByLabel("Quel document est resultats.pdf ?").selectOption({ label: "CR d'examens biologiques" });
  await page.getByRole("button", { name: "L’ajouter à mes documents" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("resultats.pdf");
  await expect(page.getByText(/^Reçu par message le .* Expéditeur\s: Anne Morel\./)).toBeVisible();
  await look(page, "document-recu");
  await page.getByRole("link", { name: "Relire ce message" }).click();
  await expect(page.getByText("Ci-joint.")).toBeVisible();
  expect(heard).toEqual([]);
});
