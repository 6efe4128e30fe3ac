// Which page an address is, and for whom. What most people open first comes with the first load,
// the rest when it is asked for. Must not know what a page shows.
import type { Component } from "svelte";
import type { Actor } from "./session.svelte";
import Activate from "../pages/Activate.svelte";
import Dashboard from "../pages/Dashboard.svelte";
import LogIn from "../pages/LogIn.svelte";
import Welcome from "../pages/Welcome.svelte";

/** A page; of one that shows one thing, `id` names it. */
export type PageComponent = Component<any>;

/** What an address is. */
export interface Route {
  /** What it begins and ends with; an id in it is given to the page. */
  path: RegExp;
  /** Who may open it; everyone where nobody is named. */
  for: Actor[];
  page: PageComponent | (() => Promise<{ default: PageComponent }>);
  /** Whether the page is here already. */
  isHere?: true;
}

const ID = "([0-9A-Za-z]{26})";

function at(path: string): RegExp {
  return new RegExp(`^${path.replace(":id", ID)}$`);
}

const everyone: Actor[] = [];
const citizen: Actor[] = ["citizen"];
const reader: Actor[] = ["citizen", "professional", "support"];
const writer: Actor[] = ["citizen", "professional"];

/** Every address. */
export const routes: Route[] = [
  { path: at("/"), for: everyone, page: Welcome, isHere: true },
  { path: at("/activer"), for: everyone, page: Activate, isHere: true },
  { path: at("/connexion"), for: everyone, page: LogIn, isHere: true },
  { path: at("/accueil"), for: citizen, page: Dashboard, isHere: true },
  { path: at("/code"), for: everyone, page: () => import("../pages/NeedCode.svelte") },
  { path: at("/mot-de-passe"), for: everyone, page: () => import("../pages/ResetPassword.svelte") },
  { path: at("/pas-moi"), for: everyone, page: () => import("../pages/NotMe.svelte") },
  { path: at("/verifier"), for: everyone, page: () => import("../pages/Verify.svelte") },
  { path: at("/preuve"), for: everyone, page: () => import("../pages/FindProof.svelte") },
  { path: at("/accessibilite"), for: everyone, page: () => import("../pages/Accessibility.svelte") },
  { path: at("/documents"), for: reader, page: () => import("../pages/Documents.svelte") },
  { path: at("/documents/ajouter"), for: reader, page: () => import("../pages/Deposit.svelte") },
  { path: at("/documents/:id"), for: reader, page: () => import("../pages/Document.svelte") },
  { path: at("/acces"), for: citizen, page: () => import("../pages/Access.svelte") },
  { path: at("/journal"), for: citizen, page: () => import("../pages/Journal.svelte") },
  { path: at("/messages"), for: writer, page: () => import("../pages/Messages.svelte") },
  { path: at("/messages/ecrire"), for: writer, page: () => import("../pages/NewThread.svelte") },
  { path: at("/messages/:id"), for: writer, page: () => import("../pages/Thread.svelte") },
  { path: at("/proches"), for: citizen, page: () => import("../pages/People.svelte") },
  { path: at("/reglages"), for: citizen, page: () => import("../pages/Settings.svelte") },
  { path: at("/professionnel"), for: everyone, page: () => import("../pages/ProfessionalDoor.svelte") },
  { path: at("/professionnel/retour"), for: everyone, page: () => import("../pages/ProviderReturn.svelte") },
  { path: at("/patient"), for: ["professional"], page: () => import("../pages/Patient.svelte") },
  { path: at("/assistance"), for: everyone, page: () => import("../pages/SupportDoor.svelte") },
  { path: at("/assistance/retour"), for: everyone, page: () => import("../pages/ProviderReturn.svelte") },
  { path: at("/assistance/code"), for: ["support"], page: () => import("../pages/support/SupportCode.svelte") },
  { path: at("/assistance/refus"), for: ["support"], page: () => import("../pages/support/SupportRefusal.svelte") },
  { path: at("/assistance/preuve"), for: ["support"], page: () => import("../pages/support/SupportProof.svelte") },
  { path: at("/assistance/urgences"), for: ["support"], page: () => import("../pages/support/SupportReviews.svelte") },
  { path: at("/assistance/fermer"), for: ["support"], page: () => import("../pages/support/SupportClosure.svelte") },
  { path: at("/assistance/geler"), for: ["support"], page: () => import("../pages/support/SupportAlert.svelte") },
  { path: at("/assistance/aider"), for: ["support"], page: () => import("../pages/support/SupportHelp.svelte") },
];

/** What an address is, and the id in it. */
export function routeOf(path: string): { route: Route; id: string | undefined } | undefined {
  for (const route of routes) {
    const found = route.path.exec(path);
    if (found) {
      return { route, id: found[1] };
    }
  }
  return undefined;
}
