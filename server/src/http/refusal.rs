//! What is told to one who is refused before there is a request that can be answered.

use chat_protocol::Lang;

use crate::reactor::Refusal;

/// The status, and one sentence.
pub(super) fn sentence(refusal: Refusal, lang: Lang) -> (u16, &'static str) {
    match refusal {
        Refusal::NotHttp => (
            400,
            lang.pick(
                "Esto es un servidor de chat por WebSocket; lo que llegó no empieza como una petición HTTP,\npor ejemplo GET /chat HTTP/1.1\n",
                "This is a WebSocket chat server; what came does not begin as an HTTP request does,\nfor example GET /chat HTTP/1.1\n",
            ),
        ),
        Refusal::VersionUnsupported => (
            505,
            lang.pick(
                "Esa versión de HTTP no se habla aquí; sí HTTP/1.1 y HTTP/1.0.\n",
                "That version of HTTP is not spoken here; HTTP/1.1 and HTTP/1.0 are.\n",
            ),
        ),
        Refusal::HeadMalformed => (
            400,
            lang.pick(
                "La cabecera de la petición está mal formada: cada línea es Nombre: valor, sin blancos al principio\nni antes de los dos puntos, y sin caracteres de control.\n",
                "The head of the request is malformed: each line is Name: value, without blanks at its beginning or\nbefore the colon, and without control characters.\n",
            ),
        ),
        Refusal::HostMissing => (
            400,
            lang.pick(
                "Falta la cabecera Host, que HTTP/1.1 exige; por ejemplo, Host: chat.example:8080\n",
                "The header Host is missing, which HTTP/1.1 demands; for example, Host: chat.example:8080\n",
            ),
        ),
        Refusal::HostRepeated => (
            400,
            lang.pick(
                "La cabecera Host viene más de una vez, y ha de venir una sola.\n",
                "The header Host comes more than once, and must come only once.\n",
            ),
        ),
        Refusal::HeadTooLarge => (
            431,
            lang.pick(
                "La cabecera de la petición es más larga de lo que este servidor admite (--limit head), o tiene más de 100 líneas.\n",
                "The head of the request is longer than this server takes (--limit head), or has more than 100 lines.\n",
            ),
        ),
        Refusal::TimedOut => (
            408,
            lang.pick(
                "La petición no llegó completa a tiempo.\n",
                "The request was not complete in time.\n",
            ),
        ),
        Refusal::TooManyFromAddress => (
            429,
            lang.pick(
                "Hay demasiadas conexiones desde su dirección, o llegan demasiado seguidas; los límites\nse cambian al arrancar el servidor: --connections-per-ip, --limit arrivals.\n",
                "There are too many connections from your address, or they come too fast; the limits are\nchanged when the server is started: --connections-per-ip, --limit arrivals.\n",
            ),
        ),
        Refusal::TooManyConnections => (
            503,
            lang.pick(
                "El servidor de chat está lleno; intente más tarde.\n",
                "The chat server is full; try again later.\n",
            ),
        ),
    }
}
