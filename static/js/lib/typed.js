// Whether somebody has typed something into the fields here. What is only searched for does not count.

export function isTyped(place) {
  return [...place.querySelectorAll("form :is(textarea, input:not([type='search']))")].some((field) => field.value !== field.defaultValue);
}
