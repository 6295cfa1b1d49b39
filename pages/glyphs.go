package pages

import "html/template"

// glyph names the sign at the head of a page.
type glyph string

const (
	glyphLock     glyph = "lock"
	glyphKey      glyph = "key"
	glyphShield   glyph = "shield"
	glyphSearch   glyph = "search"
	glyphQuestion glyph = "question"
	glyphClock    glyph = "clock"
	glyphPlug     glyph = "plug"
	glyphCheck    glyph = "check"
)

const (
	svgOpen  = `<svg class="glyph" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">`
	svgClose = `</svg>`
)

// glyphs are drawn for us, 24 by 24, in strokes of the text's colour.
var glyphs = map[glyph]template.HTML{
	glyphLock:     svgOpen + `<rect x="5" y="10.5" width="14" height="9.5" rx="2"/><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5M12 14.5v2"/>` + svgClose,
	glyphKey:      svgOpen + `<circle cx="8" cy="15.5" r="4"/><path d="m11 12.5 8-8M15.5 8l3 3"/>` + svgClose,
	glyphShield:   svgOpen + `<path d="M12 3.5 5 6v5.5c0 4.3 2.9 7.6 7 9 4.1-1.4 7-4.7 7-9V6z"/><path d="M12 8.5v4M12 15.75v.01"/>` + svgClose,
	glyphSearch:   svgOpen + `<circle cx="11" cy="11" r="6"/><path d="m15.5 15.5 4.5 4.5"/>` + svgClose,
	glyphQuestion: svgOpen + `<circle cx="12" cy="12" r="8.5"/><path d="M9.7 9.6a2.4 2.4 0 1 1 3.4 2.2c-.7.4-1.1.9-1.1 1.7M12 16.25v.01"/>` + svgClose,
	glyphClock:    svgOpen + `<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>` + svgClose,
	glyphPlug:     svgOpen + `<path d="M9 3.5v4M15 3.5v4M6.5 7.5h11v3a5.5 5.5 0 0 1-11 0zM12 16v4.5"/>` + svgClose,
	glyphCheck:    svgOpen + `<circle cx="12" cy="12" r="8.5"/><path d="m8.5 12.2 2.4 2.4 4.6-5"/>` + svgClose,
}
