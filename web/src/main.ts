// Begins the application. Must not know any page.
import { mount } from "svelte";
import App from "./App.svelte";
import { keepClient } from "./lib/worker";
import "./style.css";

const target = document.getElementById("app");
if (target) {
  mount(App, { target });
}

addEventListener("load", () => void keepClient());
