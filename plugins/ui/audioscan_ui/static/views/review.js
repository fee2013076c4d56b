// @ts-check
/** Review: look, listen and judge. Puts the parts of the folder review/ together. */

import { h } from "../dom.js";
import { button } from "../keys.js";
import { counters } from "../review/counters.js";
import { emptyList } from "../review/empty_list.js";
import { followVerdicts } from "../review/following.js";
import { goToTime } from "../review/go_to_time.js";
import { judging } from "../review/judging.js";
import { labelField } from "../review/label_field.js";
import { listHead } from "../review/list_head.js";
import { listeningJobs } from "../review/listening_jobs.js";
import { ReviewModel } from "../review/model.js";
import { heardOf, movement } from "../review/movement.js";
import { Opening } from "../review/opening.js";
import { player } from "../review/player.js";
import { createPlace } from "../review/range.js";
import { regionList } from "../review/region_list.js";
import { reviewKeys } from "../review/review_keys.js";
import { edgesOf, selectedSpan } from "../review/spans.js";
import { thresholds } from "../review/thresholds.js";
import { timeline } from "../review/timeline.js";
import { toolBar } from "../review/tool_bar.js";
import { verdictBar } from "../review/verdict_bar.js";
import { tell } from "../messages.js";
import { store } from "../store.js";
import { show as showView } from "../tabs.js";

/** @param {HTMLElement} container */
export function view(container) {
  let isShown = false;
  const when = () => isShown && store.state.recordings.length > 0;
  const place = createPlace();
  const model = new ReviewModel();
  const sound = player(place);
  const opening = new Opening(model, place, () => sound.playing);
  const moves = movement(model, place, sound, opening);
  const verdicts = judging(model, moves, sound);
  const names = () => [...new Set([...model.labels.map(({ name }) => name), ...store.state.labels])];
  const field = labelField(names);
  const jobs = listeningJobs(model, () => {
    head.changeOrder("suggest");
    head.showAll();
    moves.go(model.shown[0], false);
  });

  /** @param {number} index @param {Partial<import("../review/regions.js").RegionSettings>} patch */
  function changeRegions(index, patch) {
    if (!model.labels[index]?.scored) return;
    model.changeRegions(index, patch);
    opening.keepRegions();
  }

  /** @param {number} start @param {number} end */
  function draw(start, end) {
    if (!(end > start)) return;
    const label = model.labels[model.current]?.name;
    if (label !== undefined) verdicts.draw(start, end, label);
    else field.ask("What is heard there?", (name) => verdicts.draw(start, end, name));
  }

  /** @param {import("../review/drawing_types.js").Span} span */
  function selectSpan(span) {
    if (model.recording === null) return;
    model.select({ recording: model.recording, label: span.label, start: span.start, end: span.end }, span.origin ?? "found");
  }

  const stage = h("div", { class: "stage" });
  const drawing = timeline(stage, model, place, {
    onSelect: (span) => {
      selectSpan(span);
      if (model.selected && store.setting("review.play", true)) moves.play(model.selected);
    },
    onSeek: (time) => {
      if (sound.playing) sound.play(time);
    },
    onEdge: (span, start, end) => {
      const selected = selectedSpan(model);
      const isSelected = selected?.label === span.label && selected.start === span.start && selected.end === span.end;
      if (!isSelected) selectSpan(span);
      // What was trimmed before stays: only the edge that was moved is new.
      const now = model.selected ? edgesOf(model.selected) : span;
      verdicts.trim(start === span.start ? now.start : start, end === span.end ? now.end : end);
    },
    onDrawn: draw,
    onThreshold: (value, index) => changeRegions(index, { threshold: value }),
    onLow: (value, index) => changeRegions(index, { low: value }),
    onPicture: (picture) => store.keep("review.picture", picture),
    picture: store.setting("review.picture", undefined),
  });

  /**
   * Move an edge of the selected row, or of the span that is being drawn.
   *
   * @param {"start"|"end"} side
   * @param {(edges: {start: number, end: number}) => number} to
   */
  function trim(side, to) {
    if (place.draft) {
      drawing.commands.draftEdge(side, to(place.draft));
      return;
    }
    const row = model.selected;
    if (!row) return;
    const { start, end } = edgesOf(row);
    const span = { label: row.label, labelIndex: row.labelIndex, start, end, score: row.score, verdict: null, origin: row.origin };
    const time = to(span);
    if (side === "start" ? time >= end : time <= start) tell(`The playhead lies ${side === "start" ? "after the end" : "before the start"} of the region.`);
    else {
      const edges = { start, end, [side]: Math.min(Math.max(time, 0), place.duration) };
      verdicts.trim(edges.start, edges.end);
    }
  }

  const head = listHead(model);
  const list = regionList(model, { onSelect: (row) => moves.go(row) });
  const bar = verdictBar(
    model,
    names,
    {
      toggle: () => sound.toggle(),
      loop: () => {
        if (sound.loop) sound.loop = false;
        else if (model.selected) {
          const { start, end } = heardOf(model.selected);
          sound.play(start, end, { loop: true });
        }
        bar.draw();
      },
      isLooping: () => sound.loop,
      give: verdicts.give,
      label: (name) => (model.selected ? verdicts.give("positive", name) : model.bringForward(name)),
      typeLabel: () => {
        const row = model.selected;
        field.ask(row ? "What is it?" : "What will you label?", (name) => (row ? verdicts.give("positive", name) : model.bringForward(name)));
      },
      clear: verdicts.clear,
      next: moves.nextToDo,
      draw: drawing.commands.beginDraft,
      trim: (side) => trim(side, () => place.playhead),
      similar: jobs.similar,
    },
    when,
  );
  const tools = toolBar(model, opening, { suggest: jobs.suggest, controls: drawing.controls, time: goToTime(place, sound).element });
  const empty = emptyList(model, opening, {
    scan: jobs.scan,
    train: () => showView("train"),
    showAll: head.showAll,
    lower: (index, threshold) => changeRegions(index, { threshold }),
    suggest: jobs.suggest,
  });
  reviewKeys(
    {
      place,
      commands: drawing.commands,
      movement: moves,
      player: sound,
      nudge: (side, seconds) => trim(side, (edges) => edges[side] + seconds),
      clear: verdicts.clear,
      openLook: tools.openLook,
    },
    when,
  );

  const nothing = h(
    "div",
    { class: "empty no-recordings" },
    h("p", {}, "There is no recording to look at yet."),
    button("Go to Data", null, () => showView("data"), { className: "primary", title: "Go to Data, which says how to bring recordings in (key: Shift+1)" }),
  );
  const side = h("div", { class: "side" }, thresholds(model, { onRegions: changeRegions }).element, counters(model).element, head.element, empty.element, list.element, head.foot);
  const all = h("div", { class: "review-view" }, tools.element, stage, bar.element, side);
  container.append(nothing, all);
  container.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target instanceof HTMLElement && event.target.matches("input, select")) event.target.blur();
  });

  sound.subscribe(() => {
    bar.showPlaying(sound.playing);
    opening.keepPosition();
    if (sound.problem) tell(sound.problem, "problem");
  });
  followVerdicts(model, moves, verdicts.isOwn, () => isShown);

  function follow() {
    const some = store.state.recordings.length > 0;
    nothing.hidden = some;
    all.hidden = !some;
    if (!some) return;
    opening.followState();
    tools.draw();
    bar.draw();
    empty.draw();
    list.draw();
  }

  function showSelection() {
    const { selection } = store;
    if (!selection || !isShown) return;
    store.update({ selection: null });
    opening.openRecording(selection.recording);
    const { start, end, label } = selection;
    if (start === undefined || end === undefined) return;
    if (label !== undefined) model.select({ recording: selection.recording, label, start, end }, "found");
    moves.show({ recording: selection.recording, label: label ?? "", start, end });
  }

  opening.begin();
  store.subscribe(["state", "jobs"], () => {
    model.take({ jobs: store.jobs });
    follow();
  });
  store.subscribe("selection", showSelection);
  model.subscribe(selectFirst);
  follow();

  /** Where nothing is selected, the first row of the open recording that is to do is. */
  function selectFirst() {
    if (model.selected || model.anchor?.recording === model.recording || !model.shown.length || opening.state) return;
    const here = model.shown.filter(({ recording }) => recording === model.recording);
    if (here.length) model.select(here.find(({ verdict }) => verdict === null) ?? here[0]);
  }

  return {
    shown() {
      isShown = true;
      follow();
      showSelection();
      drawing.draw();
    },
    hidden() {
      isShown = false;
      sound.pause();
    },
  };
}
