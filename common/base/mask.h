#pragma once
/* The last line of defence against secrets in logs and error texts: what looks like one becomes ***, in place (texts
 * only get shorter). Known: access_token=…, appsecret_proof=… and their like (also as JSON), Bearer …, words that begin
 * like Meta's tokens (EAA…) or JWTs (eyJ…), and the password of a URL. */
void mask_secrets(char *text);
