# Sourced: an app at a gateway's console, for the scripts beside. Needs $gateway (http://…) and $token; sets $app_id, $app_key,
# $app_secret, $sdk_app_id, $certificate, and the tickets $sig (of $user) and $administrator.

# field NAME: a text or number of a JSON answer.
field() { sed -n -E "s/.*\"$1\" *: *\"?([^\",}]*)\"?.*/\1/p" | head -n 1; }

# console PATH JSON: the answer of the console's API.
console() { curl -fsS --max-time 20 -H "Authorization: Bearer $token" "$gateway/console/api/$1" -d "$2"; }

# new_app PACKAGE
new_app() {
    local app
    app=$(console apps "{\"package\":\"$1\",\"name\":\"sample\"}") || return 1
    app_id=$(field appId <<<"$app") app_key=$(field appKey <<<"$app") app_secret=$(field appSecret <<<"$app") sdk_app_id=$(field sdkAppId <<<"$app")
    certificate=$(console certificates "{\"appId\":\"$app_id\",\"click\":{\"type\":\"app\"}}" | field certificateId)
    sig=$(console usersig "{\"sdkAppId\":$sdk_app_id,\"user\":\"$user\"}" | field userSig)
    administrator=$(console usersig "{\"sdkAppId\":$sdk_app_id,\"user\":\"administrator\"}" | field userSig)
    [ -n "$app_secret" ] && [ -n "$certificate" ] && [ -n "$sig" ] && [ -n "$administrator" ]
}
