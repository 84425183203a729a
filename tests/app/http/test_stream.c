/* The stream server as viewers meet it, over loopback. */
#include "app/http/stream_server.h"

#include "base/alloc.h"
#include "client.h"
#include "media/picture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { WIDTH = 320, HEIGHT = 200 };

/* A camera: a thread that shows frames and says their number until it is stopped. */
struct camera {
    struct stream_server *server;
    struct bsr_image      image;
    atomic_bool           stop;
    atomic_int            shown;
    pthread_t             thread;
};

static struct stream_server *open_server(const char *address)
{
    struct stream_server *server = NULL;
    struct bsr_error      err = {0};
    if (stream_server_open(&server, address, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    assert_true(stream_server_port(server) > 0);
    return server;
}

/* Frame number n has the grey 16 * (n % 16): a viewer knows which one it sees. */
static void *film(void *context)
{
    struct camera *camera = context;
    while (!atomic_load(&camera->stop)) {
        int  number = atomic_load(&camera->shown);
        char line[64];
        for (int y = 0; y < HEIGHT; y++)
            memset(image_row(&camera->image, y), 16 * (number % 16), (size_t)WIDTH * 3);
        stream_server_frame(camera->server, &camera->image, number / 100.0);
        int length = snprintf(line, sizeof line, "{\"frame\":%d}\n", number);
        stream_server_event(camera->server, line, (size_t)length);
        atomic_fetch_add(&camera->shown, 1);
        usleep(5000);
    }
    return NULL;
}

static void start_camera(struct camera *camera, const char *address)
{
    *camera = (struct camera){.server = open_server(address)};
    assert_int_equal(image_alloc(&camera->image, WIDTH, HEIGHT, 3, 8, NULL), BSR_OK);
    assert_int_equal(pthread_create(&camera->thread, NULL, film, camera), 0);
}

static void stop_camera(struct camera *camera)
{
    atomic_store(&camera->stop, true);
    assert_int_equal(pthread_join(camera->thread, NULL), 0);
    image_free(&camera->image);
}

/* Reads the next frame of a stream from `at` on; returns where it ends. */
static size_t read_frame(struct client *client, size_t at, struct picture *picture, double *time)
{
    static const char length_name[] = "Content-Length: ", time_name[] = "X-Timestamp: ";
    size_t            head_end = client_read_until(client, at, "\r\n\r\n");
    const char       *head = bytes_text(&client->got) + at;
    const char       *length = strstr(head, length_name), *stamp = strstr(head, time_name);
    assert_non_null(length);
    assert_non_null(stamp);
    size_t size = strtoul(length + sizeof length_name - 1, NULL, 10);
    *time = strtod(stamp + sizeof time_name - 1, NULL);
    assert_in_range(size, 100, 1000000);
    client_read_size(client, head_end + size);
    assert_int_equal(
        picture_decode(picture, client->got.data + head_end, size, PICTURE_FOR_NET, NULL, "frame", NULL),
        BSR_OK);
    assert_int_equal(picture->format, PICTURE_JPEG);
    assert_int_equal(picture->image.width, WIDTH);
    assert_int_equal(picture->image.height, HEIGHT);
    return client_read_until(client, head_end + size, "\r\n--besra-frame\r\n");
}

/* Reads the head of the answer and the first boundary. */
static size_t begin_stream(struct client *client)
{
    size_t head = client_read_until(client, 0, "\r\n\r\n");
    assert_non_null(strstr(bytes_text(&client->got), "200 OK"));
    assert_non_null(strstr(bytes_text(&client->got), "multipart/x-mixed-replace; boundary=besra-frame\r\n"));
    assert_null(strstr(bytes_text(&client->got), "chunked"));
    return client_read_until(client, head, "--besra-frame\r\n");
}

static void check_frame(struct picture *picture, double time)
{
    int number = (int)(time * 100 + 0.5), grey = 16 * (number % 16);
    assert_in_range(image_row(&picture->image, HEIGHT / 2)[WIDTH] + 3, grey, grey + 6);
    picture_free(picture);
}

static void test_frames_arrive_in_order_and_decode(void **state)
{
    struct camera camera;
    struct client clients[3];
    (void)state;
    start_camera(&camera, "0");
    for (int i = 0; i < 3; i++)
        client_get(&clients[i], stream_server_port(camera.server), "/stream.mjpg");
    for (int i = 0; i < 3; i++) {
        size_t at = begin_stream(&clients[i]);
        double last = -1;
        for (int k = 0; k < 20; k++) {
            struct picture picture;
            double         time;
            at = read_frame(&clients[i], at, &picture, &time);
            check_frame(&picture, time);
            assert_true(time > last);
            last = time;
        }
        client_close(&clients[i]);
    }
    stop_camera(&camera);
    stream_server_close(camera.server);
}

static void test_nothing_is_encoded_while_nobody_watches(void **state)
{
    struct stream_server *server = open_server("0");
    struct bsr_image      image;
    (void)state;
    assert_int_equal(image_alloc(&image, WIDTH, HEIGHT, 3, 8, NULL), BSR_OK);
    memset(image.data, 100, image.stride * HEIGHT);
    assert_false(stream_server_watched(server));
    (void)mem_fail_from(0);
    stream_server_frame(server, &image, 0);
    assert_int_equal(mem_fail_from(0), 0); /* allocations */

    struct client client;
    client_get(&client, stream_server_port(server), "/stream.mjpg");
    (void)begin_stream(&client);
    assert_true(stream_server_watched(server));
    client_close(&client);
    while (stream_server_watched(server)) { /* is noticed by frames that can't be sent */
        stream_server_frame(server, &image, 0);
        usleep(2000);
    }
    image_free(&image);
    stream_server_close(server);
}

static void test_who_stops_reading_stalls_nobody(void **state)
{
    struct camera camera;
    struct client stuck[4], reader;
    int           small = 4096;
    (void)state;
    start_camera(&camera, "0");
    for (int i = 0; i < 4; i++) {
        client_get(&stuck[i], stream_server_port(camera.server), i % 2 ? "/events" : "/stream.mjpg");
        (void)setsockopt(stuck[i].socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        (void)client_read_until(&stuck[i], 0, "\r\n\r\n"); /* and never again */
    }
    client_get(&reader, stream_server_port(camera.server), "/stream.mjpg");
    size_t at = begin_stream(&reader);
    int    first = atomic_load(&camera.shown);
    for (int k = 0; k < 100; k++) {
        struct picture picture;
        double         time;
        at = read_frame(&reader, at, &picture, &time);
        check_frame(&picture, time);
    }
    assert_true(atomic_load(&camera.shown) - first >= 50); /* nor did the camera wait */
    stop_camera(&camera);
    stream_server_close(camera.server); /* while they are still there */
    for (int i = 0; i < 4; i++)
        client_close(&stuck[i]);
    client_close(&reader);
}

static void test_a_slow_viewer_gets_the_newest_frames(void **state)
{
    struct camera  camera;
    struct client  client;
    struct picture picture;
    double         time = 0;
    (void)state;
    start_camera(&camera, "0");
    client_get(&client, stream_server_port(camera.server), "/stream.mjpg");
    size_t at = begin_stream(&client);
    at = read_frame(&client, at, &picture, &time);
    picture_free(&picture);
    int shown = atomic_load(&camera.shown);
    while (atomic_load(&camera.shown) < shown + 300) /* sleeps, some frames of it wait in the sockets */
        usleep(10000);
    int frames = 0;
    for (; time * 100 < shown + 290; frames++) {
        at = read_frame(&client, at, &picture, &time);
        picture_free(&picture);
    }
    print_message("%d frames read of 300\n", frames);
    client_close(&client);
    stop_camera(&camera);
    stream_server_close(camera.server);
}

static void test_one_picture_can_be_asked_for(void **state)
{
    struct camera  camera;
    struct picture picture;
    (void)state;
    start_camera(&camera, "localhost:0");
    for (int i = 0; i < 3; i++) {
        struct client client;
        client_get(&client, stream_server_port(camera.server), "/frame.jpg?again");
        client_read_all(&client);
        size_t head = client_read_until(&client, 0, "\r\n\r\n");
        assert_non_null(strstr(bytes_text(&client.got), "200 OK"));
        assert_non_null(strstr(bytes_text(&client.got), "Content-Type: image/jpeg"));
        assert_int_equal(picture_decode(&picture, client.got.data + head, client.got.size - head,
                                        PICTURE_FOR_NET, NULL, "frame.jpg", NULL),
                         BSR_OK);
        assert_int_equal(picture.image.width, WIDTH);
        picture_free(&picture);
        client_close(&client);
    }
    stop_camera(&camera);
    assert_true(client_is_answered(stream_server_port(camera.server),
                                   "HEAD /frame.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"));
    stream_server_close(camera.server);

    struct stream_server *server = open_server("0"); /* of a camera without frames */
    assert_true(client_is_answered(stream_server_port(server),
                                   "GET /frame.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n", "503"));
    stream_server_close(server);
}

static void test_events_arrive_line_by_line(void **state)
{
    struct stream_server *server = open_server("0");
    struct client         client;
    (void)state;
    stream_server_event(server, "{\"early\":1}", 11); /* before anyone listened */
    client_get(&client, stream_server_port(server), "/events");
    size_t at = client_read_until(&client, 0, "retry: 2000\n\n");
    assert_non_null(strstr(bytes_text(&client.got), "Content-Type: text/event-stream\r\n"));
    for (int i = 0; i < 200; i++) {
        char line[64], wanted[80];
        int  length = snprintf(line, sizeof line, "{\"n\":%d}\n", i);
        stream_server_event(server, line, (size_t)length);
        snprintf(wanted, sizeof wanted, "data: {\"n\":%d}\n\n", i);
        at = client_read_until(&client, at, wanted);
    }
    stream_server_event(server, "two\nlines\r\n", 11);
    at = client_read_until(&client, at, "data: two lines\n\n");
    (void)client_read_until(&client, at, ":\n\n"); /* a sign of life when nothing happens */
    assert_null(strstr(bytes_text(&client.got), "early"));
    client_close(&client);
    stream_server_close(server);
}

static void test_who_misses_events_is_told(void **state)
{
    struct stream_server *server = open_server("0");
    struct client         client;
    char                 *line = mem_alloc_zeroed(1, 100001);
    (void)state;
    memset(line, 'x', 100000);
    client_get(&client, stream_server_port(server), "/events");
    size_t at = client_read_until(&client, 0, "retry: 2000\n\n");
    for (int i = 0; i < 1000; i++) /* 100 MB: more than any socket holds */
        stream_server_event(server, line, 100000);
    at = client_read_until(&client, at, "event: lost\ndata: {\"lost\":");
    stream_server_event(server, "{\"last\":1}", 10);
    (void)client_read_until(&client, at, "data: {\"last\":1}\n\n");
    assert_true(client.got.size < 50 * 1000000);
    mem_free(line);
    client_close(&client);
    stream_server_close(server);
}

static void test_the_page_stands_alone(void **state)
{
    struct stream_server *server = open_server("0");
    struct client         client;
    (void)state;
    client_get(&client, stream_server_port(server), "/");
    client_read_all(&client);
    const char *text = bytes_text(&client.got);
    assert_non_null(strstr(text, "Content-Security-Policy: default-src 'none'"));
    assert_non_null(strstr(text, "X-Content-Type-Options: nosniff"));
    assert_non_null(strstr(text, "/stream.mjpg"));
    assert_non_null(strstr(text, "prefers-color-scheme: dark"));
    assert_non_null(strstr(text, "</html>"));
    assert_null(strstr(text, "http://"));
    assert_null(strstr(text, "https://"));
    assert_null(strstr(text, "innerHTML"));
    client_close(&client);
    stream_server_close(server);
}

static void test_bad_requests_are_refused(void **state)
{
    static const struct {
        const char *text, *status;
    } cases[] = {
        {"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
        {"GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
        {"GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
        {"GET //stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
        {"GET / HTTP/1.1\r\nHost: localhost:80\r\n\r\n", "200"},
        {"GET / HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n", "200"},
        {"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", "200"},
        {"GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "200"},
        {"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", "200"},
        {"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"},
        {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403"},
        {"GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", "403"},
        {"GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example:80\r\n\r\n", "403"},
        {"GET / HTTP/1.0\r\n\r\n", "403"},
        {"GET / HTTP/1.1\r\n\r\n", "40"},
        {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", "405"},
        {"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999999\r\n\r\nabc", "405"},
        {"DELETE /frame.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"},
        {"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabcde", "200"},
    };
    struct stream_server *server = open_server("127.0.0.1:0");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(client_is_answered(stream_server_port(server), cases[i].text, cases[i].status));

    struct client client; /* and what is no HTTP at all */
    client_open(&client, stream_server_port(server), "\x16\x03\x01 no such thing\r\n\r\n");
    client_read_all(&client);
    client_close(&client);
    struct bytes long_one = {0};
    assert_true(bytes_append_text(&long_one, "GET /"));
    for (int i = 0; i < 5000; i++)
        assert_true(bytes_append_text(&long_one, "0123456789"));
    assert_true(bytes_append_text(&long_one, " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    client_open(&client, stream_server_port(server), "G");
    (void)send(client.socket, long_one.data + 1, long_one.size - 1, MSG_NOSIGNAL);
    client_read_all(&client);
    assert_null(strstr(bytes_text(&client.got), "200 OK"));
    client_close(&client);
    bytes_free(&long_one);
    assert_true(
        client_is_answered(stream_server_port(server), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"));
    stream_server_close(server);
}

static void test_too_many_viewers_are_told(void **state)
{
    struct stream_server *server = open_server("0");
    struct client         clients[STREAM_MOST_VIEWERS];
    int                   port = stream_server_port(server);
    (void)state;
    for (int i = 0; i < STREAM_MOST_VIEWERS; i++) {
        client_get(&clients[i], port, i % 2 ? "/events" : "/stream.mjpg");
        (void)client_read_until(&clients[i], 0, "\r\n\r\n");
    }
    assert_true(client_is_answered(port, "GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n", "503"));
    assert_true(client_is_answered(port, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n", "503"));
    assert_true(client_is_answered(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"));
    client_close(&clients[0]);
    for (;;) { /* its place is free when the server has noticed */
        struct client client;
        client_get(&client, port, "/events");
        (void)client_read_until(&client, 0, "\r\n\r\n");
        bool let_in = strstr(bytes_text(&client.got), "200 OK") != NULL;
        client_close(&client);
        if (let_in)
            break;
        usleep(50000);
    }
    for (int i = 1; i < STREAM_MOST_VIEWERS; i++)
        client_close(&clients[i]);
    stream_server_close(server);
}

static void test_closing_ends_all_connections(void **state)
{
    struct camera            camera;
    struct client            clients[6];
    static const char *const paths[] = {"/stream.mjpg", "/events"};
    (void)state;
    start_camera(&camera, "0");
    int port = stream_server_port(camera.server);
    for (int i = 0; i < 4; i++) {
        client_get(&clients[i], port, paths[i % 2]);
        (void)client_read_until(&clients[i], 0, "\r\n\r\n");
    }
    client_open(&clients[4], port, "GET / HT"); /* in the middle of a request */
    client_open(&clients[5], port, "");
    stop_camera(&camera);
    stream_server_close(camera.server);
    for (int i = 0; i < 6; i++) {
        client_read_all(&clients[i]);
        client_close(&clients[i]);
    }
    struct stream_server *again = NULL; /* the port is free at once */
    char                  address[16];
    snprintf(address, sizeof address, "%d", port);
    assert_int_equal(stream_server_open(&again, address, NULL), BSR_OK);
    stream_server_close(again);
    stream_server_close(NULL);
}

static void test_a_port_that_is_taken_is_named(void **state)
{
    struct stream_server *server = open_server("0"), *other = NULL;
    struct bsr_error      err;
    char                  address[32], port[8];
    (void)state;
    snprintf(port, sizeof port, "%d", stream_server_port(server));
    snprintf(address, sizeof address, "127.0.0.1:%s", port);
    assert_int_equal(stream_server_open(&other, address, &err), BSR_EIO);
    assert_null(other);
    assert_string_equal(err.subject, address);
    assert_non_null(strstr(err.message, port));
    assert_non_null(strstr(err.message, "taken"));
    assert_true(err.hint[0]);
    stream_server_close(server);
}

static void test_addresses(void **state)
{
    static const char *const wrong[] = {"",
                                        "x",
                                        "80x",
                                        "65536",
                                        "-1",
                                        ":80",
                                        "::1:80",
                                        "[::1:80",
                                        "[]:80",
                                        "example.org:80",
                                        "1.2.3:80",
                                        "8080:",
                                        "99999999999999999999",
                                        "127.0.0.1:",
                                        " 80",
                                        "[::1]80"};
    struct stream_server    *server = NULL;
    struct bsr_error         err;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bsr_status status = stream_server_open(&server, wrong[i], &err);
        if (status != BSR_EUSAGE)
            fail_msg("\"%s\": %d", wrong[i], status);
        assert_non_null(strstr(err.message, "[ADDRESS:]PORT"));
    }
    assert_int_equal(stream_server_open(&server, "192.0.2.1:0", &err), BSR_EIO);
    assert_non_null(strstr(err.message, "no such address"));

    server = open_server("0.0.0.0:0"); /* all names are right there */
    assert_true(
        client_is_answered(stream_server_port(server), "GET / HTTP/1.1\r\nHost: camera.home\r\n\r\n", "200"));
    assert_non_null(strstr(stream_server_url(server), "http://0.0.0.0:"));
    stream_server_close(server);

    if (stream_server_open(&server, "[::1]:0", &err) != BSR_OK) {
        print_message("SKIPPED: no IPv6 here: %s\n", err.message);
        return;
    }
    struct client client;
    client_open_v6(&client, stream_server_port(server), "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n");
    client_read_all(&client);
    assert_non_null(strstr(bytes_text(&client.got), "200 OK"));
    client_close(&client);
    stream_server_close(server);
}

static void test_memory_that_runs_out_is_told(void **state)
{
    struct bsr_error err;
    bsr_status       status;
    size_t           n = 0;
    (void)state;
    do {
        struct stream_server *server = NULL;
        mem_fail_from(++n);
        status = stream_server_open(&server, "0", &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK || (status == BSR_ENOMEM && !server));
        stream_server_close(server);
    } while (status != BSR_OK && n < 100);
    assert_int_equal(status, BSR_OK);

    struct stream_server *server = open_server("0");
    struct bsr_image      image;
    struct client         client;
    struct picture        picture;
    double                time;
    assert_int_equal(image_alloc(&image, WIDTH, HEIGHT, 3, 8, NULL), BSR_OK);
    memset(image.data, 50, image.stride * HEIGHT);
    client_get(&client, stream_server_port(server), "/stream.mjpg");
    size_t at = begin_stream(&client);
    for (n = 1; n <= 12; n++) { /* frames that there is no memory for are left out */
        mem_fail_from(n);
        stream_server_frame(server, &image, (double)n);
        stream_server_event(server, "{}", 2);
        mem_fail_from(0);
    }
    stream_server_frame(server, &image, 100);
    do {
        at = read_frame(&client, at, &picture, &time);
        picture_free(&picture);
    } while (time < 99);
    client_close(&client);
    image_free(&image);
    stream_server_close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_arrive_in_order_and_decode),
        cmocka_unit_test(test_nothing_is_encoded_while_nobody_watches),
        cmocka_unit_test(test_who_stops_reading_stalls_nobody),
        cmocka_unit_test(test_a_slow_viewer_gets_the_newest_frames),
        cmocka_unit_test(test_one_picture_can_be_asked_for),
        cmocka_unit_test(test_events_arrive_line_by_line),
        cmocka_unit_test(test_who_misses_events_is_told),
        cmocka_unit_test(test_the_page_stands_alone),
        cmocka_unit_test(test_bad_requests_are_refused),
        cmocka_unit_test(test_too_many_viewers_are_told),
        cmocka_unit_test(test_closing_ends_all_connections),
        cmocka_unit_test(test_a_port_that_is_taken_is_named),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_memory_that_runs_out_is_told),
    };
    struct stream_server *server = NULL;
    struct bsr_error      err = {0};
    setenv("BESRA_MODULES", BESRA_BUILT_MODULES, 1);
    if (stream_server_open(&server, "0", &err) == BSR_EMISSING) {
        print_message("SKIPPED: %s\n", err.message);
        return 77;
    }
    stream_server_close(server);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
