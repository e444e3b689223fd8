// Recordings that the server does not have yet, in this browser's own database: they survive a closed window. Second by
// second while somebody speaks; forgotten once the server has them or they are thrown away.

const KEPT_FOR = 14 * 24 * 3600_000;
let database = null;

function opened() {
  database ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("tresen-recordings", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("recordings", { keyPath: "uid" });
      request.result.createObjectStore("parts", { autoIncrement: true }).createIndex("uid", "uid");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return database;
}

async function within(mode, act) {
  const transaction = (await opened()).transaction(["recordings", "parts"], mode);
  const [recordings, parts] = ["recordings", "parts"].map((name) => transaction.objectStore(name));
  let result = null;
  act(recordings, parts, (found) => (result = found));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

// The mark tells the composer that it is worth looking here.
const markOf = (conversation) => `recording:${conversation}`;

export function begin(recording) {
  localStorage.setItem(markOf(recording.conversation), "1");
  return within("readwrite", (recordings) => recordings.put({ ...recording, at: Date.now() }));
}

export const keep = (uid, blob) => within("readwrite", (recordings, parts) => parts.add({ uid, blob }));

export function forget(uid) {
  return within("readwrite", (recordings, parts) => {
    recordings.delete(uid);
    parts.index("uid").openKeyCursor(uid).onsuccess = ({ target: { result } }) => {
      if (!result) return;
      parts.delete(result.primaryKey);
      result.continue();
    };
  });
}

export async function blobOf({ uid, type }) {
  const parts = await within("readonly", (recordings, all, found) => {
    all.index("uid").getAll(uid).onsuccess = ({ target }) => found(target.result);
  });
  return new Blob(parts.map(({ blob }) => blob), { type });
}

// What this person has left in this conversation; what nobody came back for is forgotten.
export async function left(agent, conversation) {
  const all = await within("readonly", (recordings, parts, found) => {
    recordings.getAll().onsuccess = ({ target }) => found(target.result);
  });
  for (const { uid, at } of all) if (Date.now() - at > KEPT_FOR) forget(uid);
  if (!all.some((one) => one.conversation === conversation)) localStorage.removeItem(markOf(conversation));
  return all.filter((one) => one.agent === agent && one.conversation === conversation);
}
